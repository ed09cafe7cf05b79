# Each argument is a profile, \n between its lines.
for text; do
	printf "$text" >profile.txt
	"$NETC" report report-profile-wrong.net --profile profile.txt
done
